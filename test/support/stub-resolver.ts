import { HostResolver } from '../../src/egress/host-resolver.js'

type Answer = string[] | Error | Promise<string[]>

/** Says what names mean, and remembers what was asked. The last answer of a name is given again and again. */
export class StubResolver extends HostResolver {
  readonly asked: string[] = []

  constructor(private readonly answers: Record<string, Answer[]>) {
    super()
  }

  override async addressesOf(hostname: string): Promise<string[]> {
    const earlier = this.asked.filter((name) => name === hostname).length
    this.asked.push(hostname)
    const answer = this.answers[hostname]?.[earlier] ?? this.answers[hostname]?.at(-1)
    if (!answer) throw Object.assign(new Error(`queryA ENOTFOUND ${hostname}`), { code: 'ENOTFOUND' })
    if (answer instanceof Error) throw answer
    return answer
  }
}
