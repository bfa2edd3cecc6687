import { setTimeout as sleep } from 'node:timers/promises'
import { AppProcess } from './app-process.js'

/** Processes of the app on one database, of which any may die at any moment; another then takes its place. */
export class AppFleet {
  kills = 0
  private failure: Error | undefined
  private readonly places: (AppProcess | undefined)[]
  private readonly starts = new Set<Promise<void>>()

  private constructor(
    private readonly databaseUrl: string,
    size: number,
  ) {
    this.places = Array.from({ length: size })
  }

  static async start(databaseUrl: string, size: number): Promise<AppFleet> {
    const fleet = new AppFleet(databaseUrl, size)
    await Promise.all(fleet.places.map((_, place) => fleet.startAt(place)))
    return fleet
  }

  /** Of one that is up, another each time. */
  get baseUrl(): string {
    const alive = this.alive()
    return alive[Math.floor(Math.random() * alive.length)]?.baseUrl ?? this.lastUrl
  }

  /**
   * Kills one of those that are up, as a power cut would, and has another started. As long as there are two it leaves one
   * to go on: a machine that starts processes slowly would do nothing else. Now and then it takes all.
   */
  async killSome(times: number, withinMs: number, shareOfAll: number): Promise<void> {
    for (const end = this.kills + times; this.kills < end;) {
      while (this.alive().length < 2 && !this.failure) await sleep(10)
      if (this.failure) throw this.failure
      await sleep(Math.random() * withinMs)
      const all = this.alive()
      const victims = Math.random() < shareOfAll ? all : [all[Math.floor(Math.random() * all.length)]!]
      for (const victim of victims.slice(0, end - this.kills)) {
        this.kills++
        await victim.kill()
        this.restart(this.places.indexOf(victim))
      }
    }
    await Promise.all(this.starts)
  }

  async stop(): Promise<void> {
    await Promise.allSettled(this.starts)
    await Promise.all(this.places.map((app) => app?.kill()))
  }

  private get lastUrl(): string {
    return this.places.find((app) => app)?.baseUrl ?? ''
  }

  private alive(): AppProcess[] {
    return this.places.filter((app) => app?.isRunning) as AppProcess[]
  }

  private restart(place: number): void {
    const start = this.startAt(place)
    this.starts.add(start)
    void start.catch((error: Error) => (this.failure = error)).finally(() => this.starts.delete(start))
  }

  private async startAt(place: number): Promise<void> {
    this.places[place] = await AppProcess.start(this.databaseUrl)
  }
}
