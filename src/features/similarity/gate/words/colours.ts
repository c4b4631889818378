export const COLOURS: ReadonlySet<string> = new Set(
  'red blue navy sapphire green yellow orange purple violet pink brown black white gray golden gold silver turquoise teal cyan magenta emerald crimson scarlet maroon beige ivory cream olive lime indigo lavender lilac bronze copper blonde blond brunette auburn tan rosy peach coral amber khaki mint colorful colorless multicolored'.split(
    ' ',
  ),
)

/** Words that make another colour of one. */
export const SHADES: ReadonlySet<string> = new Set([
  'light',
  'dark',
  'pale',
  'deep',
  'bright',
  'neon',
  'pastel',
])
