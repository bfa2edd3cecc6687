/** Half-open, as local times `HH:MM`: `["09:00", "17:00"]`. `24:00` is a legal closing. */
export type LocalInterval = [open: string, close: string]

export const WEEKDAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const
export type Weekday = (typeof WEEKDAYS)[number]

/** Weekly hours; a date in `overrides` (`YYYY-MM-DD`) has its intervals instead of its weekday's. */
export type Hours = Partial<Record<Weekday, LocalInterval[]>> & {
  always_open?: true
  overrides?: Record<string, LocalInterval[]>
}

export interface Holiday {
  /** `YYYY-MM-DD`, in the calendar's time zone. */
  date: string
  name?: string
}

/** Business hours. */
export interface CalendarDefinition {
  /** IANA name. */
  timezone: string
  hours: Hours
  /** Dates without open time. */
  holidays: Holiday[]
}
