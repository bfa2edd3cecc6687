import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { ApiClient } from '../support/api-client.js'
import { eventually } from '../support/eventually.js'
import { figure } from './figures.js'
import { cpuTicks, Home, NpmStart } from './npm-start.js'

const BACK_WITHIN_MS = 10_000
const MAIL = { from: { address: 'c@example.com' }, subject: 'Help', text: 'Help!' }
const home = new Home()
const running = new Set<NpmStart>()

afterEach(async () => {
  for (const one of running) one.kill()
  for (const one of running) await one.allGone(home)
  running.clear()
})
afterAll(() => home.remove())

// Reads /proc to find the application below npm.
describe.runIf(process.platform === 'linux')('npm start', () => {
  it.each<NodeJS.Signals>(['SIGTERM', 'SIGHUP', 'SIGKILL'])(
    'ends all with npm alone that gets %s',
    async (signal) => {
      const app = await begin()
      expect(app.output).toMatch(/Starting …[^]*embedded PostgreSQL[^]*Migrating …[^]*on PostgreSQL \d+/)
      app.npm.kill(signal)
      await app.allGone(home)
    },
  )

  it('stops once on Ctrl-C, which the terminal sends to npm and the application alike', async () => {
    const app = await begin()
    app.signalGroup('SIGINT')
    app.signalGroup('SIGINT')
    await app.allGone(home)
    expect(app.output.match(/Stopping on/g)).toHaveLength(1)
  })

  it('ends all when its terminal is closed', async () => {
    const app = await begin(['script', '--quiet', '--return', '--command', 'npm start', '/dev/null'])
    app.npm.kill('SIGKILL') // with it goes the terminal
    await app.allGone(home)
  })

  it('goes on, and idles, when nobody reads its output any more', async () => {
    const app = await begin()
    app.npm.stdout!.destroy()
    for (let n = 0; n < 20; n++) await fetch(`${app.baseUrl}/api/nowhere`)
    const before = cpuTicks(app.pid)
    await sleep(2_000)
    expect(cpuTicks(app.pid) - before).toBeLessThan(50) // of 200
    expect((await fetch(`${app.baseUrl}/api/health/ready`)).status).toBe(200)
    app.npm.kill('SIGTERM')
    await app.allGone(home)
  })

  it('has its PostgreSQL back within 10 s of its being killed, once for all who share it, with nothing lost', async () => {
    const apps = [await begin(), await begin()]
    const ada = await ApiClient.register(apps[0]!.baseUrl, 'ada@example.com')
    const { status, body } = await ada.post('/emails', MAIL)
    expect(status).toBe(201)
    const killed = home.postmaster!
    process.kill(killed, 'SIGKILL')
    const killedAt = performance.now()
    for (const { baseUrl } of apps)
      await eventually(async () => expect((await fetch(`${baseUrl}/api/health/ready`)).status).toBe(200))
    const backAfter = performance.now() - killedAt
    figure('chaos-embedded-killed-back', backAfter, 'ms')
    expect(backAfter).toBeLessThan(BACK_WITHIN_MS)
    expect((await ada.get(`/emails/${body.id}`)).status).toBe(200)
    for (const app of apps) app.npm.kill('SIGTERM')
    for (const app of apps) await app.allGone(home)
  })
})

async function begin(command?: string[]): Promise<NpmStart> {
  const app = await NpmStart.begin(home, command)
  running.add(app)
  return app
}
