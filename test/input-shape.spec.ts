import { describe, expect, it } from 'vitest'
import { CreateCalendarDto } from '../src/calendars/calendars.dto.js'
import { PostEmailDto } from '../src/emails/emails.dto.js'
import { validationPipe } from '../src/http/validation.js'
import { SimulateDto } from '../src/sla/simulation.dto.js'
import { CreateSettingDto } from '../src/sla/sla-settings.dto.js'
import { SubscribeDto } from '../src/webhooks/webhooks.dto.js'

/** What the pipe of all input hands on, and what it keeps from class-transformer and class-validator. */

type Input = Record<string, unknown>

const pipe = validationPipe()
const read = (metatype: new () => object, input: object) =>
  pipe.transform(input, { type: 'body', metatype }) as Promise<Input>
const faultsOf = async (metatype: new () => object, input: object): Promise<string> =>
  read(metatype, input).then(
    () => 'none',
    ({ detail }: { detail: string }) => detail,
  )

/** Whose inside nobody may look at. */
function sealed(): Input {
  return Object.defineProperty({}, 'inside', {
    enumerable: true,
    get: () => expect.fail('Somebody looked inside'),
  })
}

describe('what no class describes', () => {
  it('is handed on as it came, and not copied', async () => {
    const hours = { mon: [['09:00', '17:00']] }
    const holidays = [{ date: '2026-12-25' }]
    const calendar = await read(CreateCalendarDto, { name: ' A ', timezone: 'UTC', hours, holidays })
    expect(calendar).toBeInstanceOf(CreateCalendarDto)
    expect(calendar).toMatchObject({ name: 'A', hours, holidays })
    expect([calendar.hours, calendar.holidays]).toEqual([hours, holidays])
    expect(calendar.hours).toBe(hours)
    expect(calendar.holidays).toBe(holidays)
  })

  it('is so in an input within an input as well', async () => {
    const hours = sealed()
    const simulation = await read(SimulateDto, { calendarId: 1, calendar: { timezone: 'UTC', hours } })
    expect((simulation.calendar as Input).hours).toBe(hours)
  })

  it('is not looked into where it stands for a text, a number or an item', async () => {
    expect(await faultsOf(CreateSettingDto, { name: sealed(), firstReplyMinutes: [sealed()] })).toMatch(
      /^name must be .*; firstReplyMinutes must be a number/,
    )
    expect(await faultsOf(SubscribeDto, { events: [sealed()], headers: [sealed()] })).toMatch(
      /events must be one of.*headers must be an object/s,
    )
    expect(await faultsOf(PostEmailDto, { from: [sealed()], subject: 's', text: 't' })).toMatch(/^from /)
  })
})

it('makes instances of what a class does describe', async () => {
  const email = { from: { address: ' c@example.com ' }, subject: 's', text: 't', references: ['<1@x>'] }
  const taken = await read(PostEmailDto, { ...email, receivedAt: '2026-03-02T09:00:00Z' })
  expect(taken).toMatchObject({
    from: { address: 'c@example.com' },
    references: ['1@x'],
    receivedAt: new Date('2026-03-02T09:00:00Z'),
  })
})
