export const NotFound = () => (
  <section>
    <h1>There is no such page</h1>
    <p>
      <a href="/">Go to the overview</a>
    </p>
  </section>
)
