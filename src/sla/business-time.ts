/**
 * Reply-time arithmetic, pure: instants in, instants out. Always open for now, where it is plain addition
 * (rule 7 of the conformance rules); calendars with business hours come behind these same functions.
 */
export interface ReplySchedule {
  /** The deadline of what is left of the target once only the warning's share remains. */
  warningAt: Date
  deadlineAt: Date
}

/** The instant at which so many seconds of open time after `start` are used up. */
export const deadlineAfter = (start: Date, openSeconds: number): Date =>
  new Date(start.getTime() + openSeconds * 1_000)

/**
 * @param targetSeconds open time until the reply is due, above 0
 * @param warningPercent share of the target that is left when the warning goes out, 1 to 99
 */
export function replySchedule(start: Date, targetSeconds: number, warningPercent: number): ReplySchedule {
  return {
    warningAt: deadlineAfter(start, (targetSeconds * (100 - warningPercent)) / 100),
    deadlineAt: deadlineAfter(start, targetSeconds),
  }
}
