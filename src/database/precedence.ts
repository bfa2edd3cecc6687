const LONGEST_MS = 5_000

/**
 * Recording goes before telling. While more is due of what goes first than it takes at once (thousands of clocks at one
 * instant), other due work of this process waits: sending the webhooks of the first breaches would take half of the
 * processor from recording the others, whose deadlines are over too. For at most 5 s, and for no more than half of the
 * time, so that nothing starves. Known in this process only: others go on sending.
 */
export class Precedence {
  private since: number | undefined
  private notBefore = 0

  constructor(private readonly wakeOthers: () => void) {}

  /** How long the others have to wait yet, at most; 0 when they need not. */
  get msLeft(): number {
    return this.since === undefined ? 0 : Math.max(0, this.since + LONGEST_MS - performance.now())
  }

  take(): void {
    const now = performance.now()
    if (now >= this.notBefore) this.since ??= now
  }

  end(): void {
    if (this.since === undefined) return
    this.notBefore = this.since + 2 * Math.min(performance.now() - this.since, LONGEST_MS)
    this.since = undefined
    this.wakeOthers()
  }
}
