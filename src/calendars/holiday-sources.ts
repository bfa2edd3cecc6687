// Read by the worker too: no decorators, enums or parameter properties.

/** By how binding they are; what a type means differs from country to country. */
export const HOLIDAY_TYPES = ['public', 'bank', 'optional', 'school', 'observance'] as const
export type HolidayType = (typeof HOLIDAY_TYPES)[number]

export interface FoundHoliday {
  /** `YYYY-MM-DD`. */
  date: string
  name: string
}

/** What a source names, by date, and what of it is no holiday. */
export interface Found {
  holidays: FoundHoliday[]
  skipped: { summary: string; reason: string }[]
}

/** An iCalendar file (RFC 5545) and the dates that are looked at, both inclusive. */
export interface IcalSource {
  raw: Uint8Array
  /** IANA name: whose days an event must cover. */
  timezone: string
  from: string
  to: string
}

/** The holidays of a country, as package date-holidays knows them. */
export interface CountrySource {
  country: string
  region?: string
  years: number[]
  types: HolidayType[]
}

export type HolidaySource = { ical: IcalSource } | { country: CountrySource }

/** A source that cannot be read; `field` names the part of the request that is to blame, unless it is all of it. */
export class RefusedSource extends Error {
  readonly field: string | undefined

  constructor(message: string, field?: string) {
    super(message)
    this.field = field
  }
}
