import { styleText } from 'node:util'
import type { Delivery } from './receiver.js'

const EVENT_WIDTH = 'team.performance.updated'.length

/** What the newcomer reads: each step of the tour, and below it the deliveries that it causes. */
export class Journal {
  private startedAt = 0

  say(text: string): void {
    console.log(text)
  }

  /** The seconds of the tour count from here. */
  begin(): void {
    this.startedAt = performance.now()
    console.log(
      styleText('dim', '\nSeconds, steps, and the deliveries they cause: ✓ verified signature, ✗ not.\n'),
    )
  }

  step(text: string): void {
    console.log(`${this.seconds()}  ${styleText('bold', text)}`)
  }

  delivery({ event, attempt, isVerified, status, about }: Delivery): void {
    const mark = isVerified ? styleText('green', '✓') : styleText('red', '✗')
    const answer = status < 300 ? '' : styleText('yellow', `  [answered ${status}: it will come again]`)
    // What it is about stands last: its width, in any script, moves nothing.
    console.log(
      `${this.seconds()}    ${mark} ${event.padEnd(EVENT_WIDTH)}  attempt ${attempt}  ${about}${answer}`,
    )
  }

  private seconds(): string {
    return styleText('dim', ((performance.now() - this.startedAt) / 1_000).toFixed(1).padStart(5))
  }
}
