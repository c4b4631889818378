export type PlaceholderKind = 'pending' | 'failed'

/** The placeholder as SVG: shapes only, as text would need fonts. */
export const drawPlaceholder = (kind: PlaceholderKind, width: number, height: number): string => {
  const size = Math.min(width, height) * 0.46
  const [x, y] = [(width - size) / 2, (height - size) / 2]
  const { light, ink } = looks[kind]
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">
<defs><radialGradient id="ground" cx=".36" cy=".24" r=".95"><stop offset="0" stop-color="${light}"/><stop offset="1" stop-color="${ink}"/></radialGradient></defs>
<rect width="${width}" height="${height}" fill="url(#ground)" opacity=".25"/>
<g transform="translate(${x} ${y}) scale(${size / 100})" fill="none" color="${ink}" stroke="currentColor" stroke-width="4" stroke-linecap="round" stroke-linejoin="round">${drawings[kind]}</g>
</svg>`
}

/**
 * Middle tones, which stand out from white and from black. The ground varies in colour and not in opacity,
 * which would make the file five times as big.
 */
const looks: Record<PlaceholderKind, { light: string; ink: string }> = {
  pending: { light: '#7f8bff', ink: '#7a82b8' },
  failed: { light: '#b4b8c4', ink: '#868a96' },
}

/** In a square of 100 by 100: a framed picture with three dots under it, and one torn in two. */
const drawings: Record<PlaceholderKind, string> = {
  pending: `<rect x="4" y="2" width="92" height="72" rx="10"/>
<circle cx="30" cy="25" r="8" fill="currentColor" fill-opacity=".35"/>
<path d="M5 60L31 41L46 52L67 31L95 56"/>
<g stroke="none" fill="currentColor"><circle cx="36" cy="93" r="4"/><circle cx="50" cy="93" r="4" fill-opacity=".65"/><circle cx="64" cy="93" r="4" fill-opacity=".35"/></g>`,
  failed: `<g transform="translate(0 12)"><path d="M55 2H86A10 10 0 0 1 96 12V62A10 10 0 0 1 86 72H50L58 58L47 44L60 29L50 16Z" fill="currentColor" fill-opacity=".14"/>
<path d="M43 2H14A10 10 0 0 0 4 12V62A10 10 0 0 0 14 72H38L46 58L35 44L48 29L38 16Z" fill="currentColor" fill-opacity=".14"/>
<circle cx="22" cy="24" r="7" fill="currentColor" fill-opacity=".35"/>
<path d="M5 60L20 48L30 55M62 46L72 36L95 56"/></g>`,
}
