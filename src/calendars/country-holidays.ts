import type Holidays from 'date-holidays'
import type { HolidaysTypes } from 'date-holidays'
import { oneLine } from '../emails/mail-text.js'
import { RefusedSource, type CountrySource, type Found } from './holiday-sources.js'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

/** @throws RefusedSource naming `country` or `region` when there is no such place in the package's tables */
export async function holidaysOfCountry({ country, region, years, types }: CountrySource): Promise<Found> {
  // Loads the tables of two hundred countries: only when somebody asks for one.
  const { default: Tables } = await import('date-holidays')
  const place = placeOf(new Tables(), country, region)
  const tables = new Tables(place, { types })
  const names = new Map<string, string>()
  const skipped: Found['skipped'] = []
  for (const year of new Set(years))
    for (const holiday of tables.getHolidays(year)) {
      const name = oneLine(holiday.name, 200)
      const days = daysOf(holiday)
      const summary = `${name}, ${holiday.date.slice(0, 10)}`
      if (days.length === 0) skipped.push({ summary, reason: 'covers only part of the day' })
      for (const date of days) if (!names.has(date)) names.set(date, name)
    }
  const holidays = [...names].map(([date, name]) => ({ date, name }))
  return { holidays: holidays.sort((a, b) => (a.date < b.date ? -1 : 1)), skipped }
}

/** Its whole days. Those that follow the moon start at sunset, and what they are called by is the day after. */
function daysOf({ date, start, end }: HolidaysTypes.Holiday): string[] {
  // A day on which the clocks change has 23 or 25 hours.
  const count = Math.floor((end.getTime() - start.getTime() + HOUR_MS) / DAY_MS)
  const first = Date.parse(date.slice(0, 10))
  return Array.from({ length: count }, (_, day) => new Date(first + day * DAY_MS).toISOString().slice(0, 10))
}

function placeOf(tables: Holidays, country: string, region?: string): HolidaysTypes.Country {
  const code = country.toUpperCase()
  if (!Object.hasOwn(tables.getCountries(), code))
    throw new RefusedSource('is not a country whose holidays are known', 'country')
  if (region === undefined) return { country: code }
  const [wanted = '', ...rest] = region.split('-')
  const part = rest.length > 0 ? rest.join('-') : undefined
  const state = keyLike(tables.getStates(code), wanted)
  const district = part === undefined ? undefined : state && keyLike(tables.getRegions(code, state), part)
  if (!state || (part !== undefined && !district))
    throw new RefusedSource(`is not a region of ${code} whose holidays are known`, 'region')
  return { country: code, state, region: district }
}

/** Most codes are written in capitals, a few are names. A country without regions has no table of them. */
const keyLike = (table: object | undefined, wanted: string): string | undefined =>
  Object.keys(table ?? {}).find((key) => key.toUpperCase() === wanted.toUpperCase())
