/** Drawn on 24 by 24, in the colour of the text round it. */
const paths = {
  overview: 'M4 19V9M10 19V5M16 19v-7M22 19H2',
  playground:
    'M11 4l1.800 5.200L18 11l-5.200 1.800L11 18l-1.800-5.200L4 11l5.200-1.800zM19 15v6M16 18h6',
  generations: 'M4 6h16M4 12h16M4 18h10',
  gallery: 'M4 4h7v7H4zM13 4h7v7h-7zM4 13h7v7H4zM13 13h7v7h-7z',
  similar: 'M4 4h11v11H4zM9 15v5h11V9h-5',
  owners:
    'M9 11a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM2 21a7 7 0 0 1 14 0M17 4a4 4 0 0 1 0 7M19 15a7 7 0 0 1 3 6',
  alerts: 'M6 16V11a6 6 0 0 1 12 0v5l2 2H4zM10 21h4',
  webhooks: 'M10 14L21 3M15 3h6v6M19 14v6H4V5h6',
  settings: 'M4 7h10M18 7h2M4 17h2M10 17h10M16 4v6M8 14v6',
  image: 'M3 5h18v14H3zM3 16l5-5 5 5 3-3 5 4M15 9.5h.01',
  check: 'M4 12.5l5 5L20 6.5',
  cross: 'M6 6l12 12M18 6L6 18',
  clock: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 7v5l3 2',
  warning: 'M12 4L2.5 20h19zM12 10v4M12 17h.01',
  info: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 11v6M12 7h.01',
  copy: 'M9 9h11v11H9zM5 15H4V4h11v1',
  open: 'M14 4h6v6M20 4l-9 9M18 14v6H4V6h6',
  again: 'M20 11a8 8 0 1 0-2.3 6.3M20 5v6h-6',
  stop: 'M7 7h10v10H7z',
  down: 'M6 9l6 6 6-6',
  left: 'M15 6l-6 6 6 6',
  right: 'M9 6l6 6-6 6',
  coins:
    'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM15 9c-1-1.5-6-1.5-6 1s6 1.500 6 4-5 2.500-6 1M12 6v2M12 16v2',
  download: 'M12 4v11M7 11l5 5 5-5M4 20h16',
  upload: 'M12 16V5M7 9l5-5 5 5M4 20h16',
  trash: 'M4 7h16M9 7V4h6v3M6 7l1 13h10l1-13M10 11v5M14 11v5',
  plus: 'M12 5v14M5 12h14',
  edit: 'M4 20l1-5L16 4l4 4L9 19zM14 6l4 4',
  key: 'M14 10a5 5 0 1 0-3 3l2 2h2v2h2v2h4v-4zM8 8h.01',
  send: 'M21 3L10 14M21 3l-7 18-4-7-7-4z',
  search: 'M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM16 16l5 5',
  spinner: 'M12 3a9 9 0 1 0 9 9',
} as const

export type IconName = keyof typeof paths

/** Decoration beside a name in words: hidden from who does not see it. */
export const Icon = ({ name }: { name: IconName }) => (
  <svg
    class={name === 'spinner' ? 'icon spinner' : 'icon'}
    viewBox="0 0 24 24"
    fill="none"
    stroke="currentColor"
    stroke-width="2"
    stroke-linecap="round"
    stroke-linejoin="round"
    aria-hidden="true"
  >
    <path d={paths[name]} />
  </svg>
)
