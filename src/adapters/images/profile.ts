/** A colour profile of a screen has some kilobytes; one of a printer, which no picture here needs, some megabytes. */
export const MAX_PROFILE_BYTES = 512 * 1024
