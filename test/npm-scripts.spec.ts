import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'

const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> }
/** Node 20, as far as a program can see. */
const OLD_NODE = `data:text/javascript,Object.defineProperty(process.versions, 'node', { value: '20.20.2' })`

const SOURCES = ['--import', './test/support/typescript-hooks.mjs']

it.each([['start.mjs'], ['check-node.mjs'], ['src/main.ts', ...SOURCES]])(
  '%s says which Node is needed, and no more',
  (file, ...flags) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', OLD_NODE, ...flags, file], {
      encoding: 'utf8',
    })
    expect(status).toBe(1)
    expect(stdout).toBe('')
    expect(stderr).toMatch(/^Punctual runs on Node \d+\.\d+ or newer, and this is .*\n$/)
  },
)

it('asks for the Node before anything else in every script that runs the product', () => {
  const runs = Object.entries(scripts).filter(([, script]) => /start\.mjs|dist\/|vitest/.test(script))
  expect(runs.map(([name]) => name)).toEqual(expect.arrayContaining(['start', 'start:prod', 'demo', 'test']))
  for (const [, script] of runs)
    expect(script).toMatch(/^node (--import \.\/check-node|check-node|start|test\/busy-start)\.mjs\b/)
})
