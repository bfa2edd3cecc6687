/** Milliseconds on the clock that all processes of a machine share and that nobody sets: it tells instants apart across them. */
export const instant = () => Number(process.hrtime.bigint()) / 1e6
