import * as pgBoss from './pg-boss.mjs'

export const { fill, isDone } = pgBoss

/** pg-boss at its fastest: a batch is completed as one, and one failed delivery would have all of it sent again. */
export const settings = pgBoss.settings.map((setting) => ({ ...setting, perJobResults: false }))

export const work = (url, setting, deliver) =>
  pgBoss.workBy(url, setting, async (jobs) => {
    await Promise.all(jobs.map(({ data }) => deliver(data)))
  })
