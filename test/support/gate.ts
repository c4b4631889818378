/** Something to wait at until it is opened, for a stand-in that answers when the test says so. */
export const createGate = () => {
  let open = () => {}
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return { opened, open }
}
