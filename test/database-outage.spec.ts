import { Logger } from '@nestjs/common'
import type { DataSource } from 'typeorm'
import { afterEach, expect, it, vi } from 'vitest'
import { DatabaseOutage } from '../src/database/database-outage.js'
import { eventually } from './support/eventually.js'

const REFUSED = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:5432'), { code: 'ECONNREFUSED' })

afterEach(() => vi.restoreAllMocks())

it('is told once, however many meet it, and once when it is over', async () => {
  const { lines, outage, source } = stage()
  source.isThere = false
  for (let times = 0; times < 10; times++) expect(outage.explains(REFUSED)).toBe(true)
  await eventually(() => expect(source.asked).toBe(1))
  expect(outage.explains(REFUSED)).toBe(true)
  expect(lines).toEqual([`The database does not answer: ${REFUSED.message}`])
  source.isThere = true
  await eventually(() => expect(lines).toHaveLength(2))
  expect(lines[1]).toMatch(/^The database answers again, after \d+ s$/)
  outage.explains(REFUSED)
  expect(lines).toHaveLength(3)
  outage.beforeApplicationShutdown()
})

it('explains neither faults of ours nor our own timeouts', () => {
  const { lines, outage } = stage()
  for (const error of [new TypeError('x'), { code: '23505' }, { code: '57014' }, null])
    expect(outage.explains(error)).toBe(false)
  expect(lines).toEqual([])
})

function stage() {
  const lines: string[] = []
  vi.spyOn(Logger.prototype, 'warn').mockImplementation((line: string) => void lines.push(line))
  const source = {
    isThere: true,
    asked: 0,
    async query() {
      this.asked++
      if (!this.isThere) throw REFUSED
    },
  }
  return { lines, source, outage: new DatabaseOutage(source as unknown as DataSource) }
}
