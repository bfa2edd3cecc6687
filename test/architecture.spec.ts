import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize, relative } from 'node:path'
import { EventEmitter2 } from '@nestjs/event-emitter'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { EVENT_NAMES } from '../src/events/catalogue.js'
import { SIGNAL_NAMES } from '../src/events/signals.js'
import { startTestApp, type TestApp } from './support/test-app.js'

/** In the order of DESIGN: a module may import those before it. `mailboxes` only holds tables so far. */
const MODULES = [
  ...['config', 'workers', 'database', 'http', 'egress', 'events', 'auth', 'team', 'emails', 'mailboxes'],
  ...['calendars', 'sla', 'alerts', 'analytics', 'stream', 'webhooks', 'health'],
]
const MOST_LINES = 250
const MEDIAN_LINES = 80

const files = [...under('src'), ...under('migrations'), ...under('demo'), 'ormconfig.ts']
const source = new Map(files.map((file) => [file, readFileSync(file, 'utf8')]))
const imports = new Map(files.map((file) => [file, importsOf(file)]))

describe('modules', () => {
  it('are the folders of src, and app.module lists them in the same order', () => {
    const folders = readdirSync('src', { withFileTypes: true }).filter((entry) => entry.isDirectory())
    expect(folders.map(({ name }) => name).sort()).toEqual([...MODULES].sort())
    const listed = [...source.get('src/app.module.ts')!.matchAll(/^ {4}(\w+)Module\b/gm)].map(([, name]) =>
      name!.toLowerCase(),
    )
    expect(listed).toEqual(MODULES.filter((name) => listed.includes(name)))
    expect(listed.length).toBeGreaterThan(9)
  })

  it('import only modules that stand before them', () => {
    const upwards = [...imports].flatMap(([file, targets]) =>
      targets
        .filter((target) => moduleOf(target) >= 0 && moduleOf(file) >= 0 && moduleOf(target) > moduleOf(file))
        .map((target) => `${file} imports ${target}`),
    )
    expect(upwards).toEqual([])
  })

  it('are flat: no folder within a module', () => {
    expect(files.filter((file) => file.startsWith('src/') && file.split('/').length > 3)).toEqual([])
  })
})

it('has no import cycles', () => {
  const done = new Set<string>()
  const cycles: string[] = []
  const visit = (file: string, path: string[]) => {
    if (path.includes(file)) cycles.push([...path.slice(path.indexOf(file)), file].join(' → '))
    if (done.has(file) || path.includes(file)) return
    for (const target of imports.get(file) ?? []) visit(target, [...path, file])
    done.add(file)
  }
  for (const file of files) visit(file, [])
  expect(cycles).toEqual([])
})

it('has no file over 250 lines, and a median under 80', () => {
  const all = [...files, ...under('test')].map((file) => ({
    file,
    lines: readFileSync(file, 'utf8').split('\n').length,
  }))
  expect(all.filter(({ lines }) => lines > MOST_LINES)).toEqual([])
  const sorted = all
    .filter(({ file }) => file.startsWith('src/'))
    .map(({ lines }) => lines)
    .sort((a, b) => a - b)
  expect(sorted[Math.floor(sorted.length / 2)]).toBeLessThan(MEDIAN_LINES)
})

it('talks of each event and signal that it lists: every name is raised somewhere in src', () => {
  const text = [...source.values()].join('\n')
  const isRaised = (verb: string) => (name: string) => new RegExp(`${verb}\\(\\s*tx,\\s*'${name}'`).test(text)
  expect(EVENT_NAMES.filter(isRaised('publish'))).toEqual([...EVENT_NAMES])
  expect(SIGNAL_NAMES.filter(isRaised('signal'))).toEqual([...SIGNAL_NAMES])
})

describe('listeners', () => {
  let punctual: TestApp
  beforeAll(async () => {
    punctual = await startTestApp()
  })
  afterAll(() => punctual.stop())

  it('hear all of the catalogue and nothing but signals beside it, through @On', () => {
    const heard = punctual.app.get(EventEmitter2).eventNames().map(String)
    const signals: readonly string[] = SIGNAL_NAMES
    expect(heard.filter((name) => !signals.includes(name)).sort()).toEqual([...EVENT_NAMES].sort())
    const strangers = files.filter((file) => /@OnEvent\(/.test(source.get(file)!))
    expect(strangers).toEqual([])
  })
})

function under(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => normalize(join(folder, name)))
    .filter((name) => name.endsWith('.ts'))
}

function importsOf(file: string): string[] {
  return [...readFileSync(file, 'utf8').matchAll(/^(?:import|export) [^;]*?from '(\.[^']+)'/gms)].map(
    ([, path]) => relative('.', join(dirname(file), path!)).replace(/\.js$/, '.ts'),
  )
}

function moduleOf(file: string): number {
  const [top, folder, rest] = file.split('/')
  return top === 'src' && rest ? MODULES.indexOf(folder!) : -1
}
