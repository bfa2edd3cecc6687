import type { BusinessCalendar } from '../calendars/business-calendar.js'
import { breachDueAt, type ClockFace, type Terms } from './clock-life.js'
import { remainingMinutes } from './explanation.js'
import type { Recomputable } from './recomputables.js'
import type { SimulatedClockView, SimulationView } from './simulation.view.js'

const HOUR = 60 * 60_000
const MOST_TOLD = 20

/** Counts what a change would make of clocks, each of them given once as it is and as it would be. */
export class Simulation {
  private readonly figures = {
    clocks: 0,
    changed: 0,
    earlier: 0,
    later: 0,
    losingTarget: 0,
    gainingTarget: 0,
  }
  private readonly due = { wouldWarnNow: 0, wouldBreachNow: 0 }
  private readonly wouldBreachWithin = { nextHour: 0, nextDay: 0 }
  private readonly nowWithin = { nextHour: 0, nextDay: 0 }
  private sample: Moved[] = []

  constructor(
    private readonly now: Date,
    private readonly calendarOf: (terms: Terms) => BusinessCalendar,
  ) {}

  add(clock: Recomputable, face: ClockFace): void {
    this.countDue(face)
    if (clock.targetSeconds === null) {
      if (face.targetSeconds !== null) this.figures.gainingTarget++
      return
    }
    this.figures.clocks++
    this.countWithin(clock, this.nowWithin)
    if (face === clock) return
    const ms = this.movedBy(clock, face)
    if (ms === 0 && face.warningAt?.getTime() === clock.warningAt?.getTime()) return
    this.figures.changed++
    if (face.targetSeconds === null) this.figures.losingTarget++
    else if (ms < 0) this.figures.earlier++
    else if (ms > 0) this.figures.later++
    this.sample.push({ id: clock.id, ms: Math.abs(ms), told: toldOf(clock, face) })
    if (this.sample.length >= 50 * MOST_TOLD) this.sample = most(this.sample)
  }

  view(isPartial: boolean): SimulationView {
    const { figures, due, wouldBreachWithin, nowWithin } = this
    return {
      ...{ at: this.now, ...figures, unchanged: figures.clocks - figures.changed, ...due },
      ...{ wouldBreachWithin, nowWithin, sample: most(this.sample).map(({ told }) => told), isPartial },
    }
  }

  /** What the monitor would say at once. */
  private countDue(face: ClockFace): void {
    if (face.state !== 'running' || !face.deadlineAt) return
    if (breachDueAt(face.deadlineAt) <= this.now) this.due.wouldBreachNow++
    else if (!face.warnedAt && face.warningAt! <= this.now) this.due.wouldWarnNow++
    this.countWithin(face, this.wouldBreachWithin)
  }

  private countWithin({ state, deadlineAt }: ClockFace, within: { nextHour: number; nextDay: number }): void {
    if (state !== 'running' || !deadlineAt) return
    const inMs = breachDueAt(deadlineAt).getTime() - this.now.getTime()
    if (inMs > 0 && inMs <= HOUR) within.nextHour++
    if (inMs > 0 && inMs <= 24 * HOUR) within.nextDay++
  }

  /** By how much the deadline moves; of clocks that stand still, the remaining time. */
  private movedBy(clock: ClockFace, face: ClockFace): number {
    if (face.targetSeconds === null) return Infinity
    if (clock.deadlineAt && face.deadlineAt) return face.deadlineAt.getTime() - clock.deadlineAt.getTime()
    const left = (one: ClockFace) => remainingMinutes(this.calendarOf(one), one, this.now)! * 60_000
    // Its time would have been over before it was paused: it runs, and nothing is left.
    return Math.round(left(face) - left(clock))
  }
}

interface Moved {
  id: number
  ms: number
  told: SimulatedClockView
}

const most = (clocks: Moved[]): Moved[] =>
  clocks.toSorted((a, b) => (a.ms === b.ms ? a.id - b.id : b.ms - a.ms)).slice(0, MOST_TOLD)

const toldOf = (
  { emailId, metric, state, deadlineAt }: Recomputable,
  face: ClockFace,
): SimulatedClockView => ({
  ...{ emailId, metric, state: state as 'running' | 'paused', deadlineAt },
  newDeadlineAt: face.deadlineAt,
})
