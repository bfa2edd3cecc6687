const DAY_OF = 24 * 60 * 60_000
const INTERVALS = Array.from({ length: 12 }, (_, i) => [time(i * 100), time(i * 100 + 50)])
const WEEK = Object.fromEntries(
  ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'].map((day) => [day, INTERVALS]),
)
const HOURS = { ...WEEK, overrides: Object.fromEntries(dates(900).map((date) => [date, INTERVALS])) }
const HOLIDAYS = dates(2_000).map((date) => ({ date, name: 'Holiday' }))
const PREVIEW = { start: '2026-01-01T00:00:00Z', timezone: 'Europe/Berlin' }
const CALENDAR = { timezone: 'Europe/Berlin', hours: HOURS }

/** Bodies that are legal, and as much work as a legal one may be. */
export const LEGAL = {
  'POST /api/sla/calendars': { name: 'All of it', ...CALENDAR },
  'PATCH /api/sla/calendars/{id}': { hours: WEEK, holidays: HOLIDAYS },
  'POST /api/sla/preview': { ...PREVIEW, calendar: HOURS, targetMinutes: 200_000 },
  'POST /api/sla/simulate': { calendarId: 1, calendar: CALENDAR },
  'PUT /api/customer-tiers': {
    entries: Array.from({ length: 1_000 }, (_, i) => ({ matches: `customer${i}.example.com`, tier: 'vip' })),
  },
  'POST /api/emails': {
    from: { address: 'c@example.com' },
    subject: 's',
    text: 'é '.repeat(500_000),
    html: '<b>&'.repeat(250_000),
  },
  'POST /api/sla/settings': {
    name: 'All of it',
    categories: Array.from({ length: 100 }, (_, i) => `category ${i}`),
    senderDomains: Array.from({ length: 200 }, (_, i) => `customer${i}.example.com`),
  },
}

/** A preview whose clock stands still a thousand times. */
export const PAUSES = {
  ...PREVIEW,
  calendar: WEEK,
  targetMinutes: 500_000,
  pauses: Array.from({ length: 1_000 }, (_, i) => [instant(i * 60), instant(i * 60 + 30)]),
}

function dates(count) {
  return Array.from({ length: count }, (_, i) =>
    new Date(Date.UTC(2026, 0, 1) + i * DAY_OF).toISOString().slice(0, 10),
  )
}

function time(minutes) {
  return `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`
}

function instant(minutes) {
  return new Date(Date.UTC(2026, 0, 1) + minutes * 60_000).toISOString()
}
