import moment from 'moment'
import 'moment-business-time'

/** The peer of `deadlines`: the same calendar, in the zone that this process runs in. */
const { starts, hours, holidays } = JSON.parse(process.argv[2])
const day = ['09:00:00', '17:00:00']
const workinghours = { 0: null, 1: day, 2: day, 3: day, 4: day, 5: day, 6: null }
moment.updateLocale('en', { workinghours, holidays })

for (const start of starts.slice(0, 50)) deadline(start)
const startedAt = performance.now()
const deadlines = starts.map(deadline)
const elapsed = (performance.now() - startedAt) / 1_000
process.send({ perSecond: starts.length / elapsed, deadlines })

function deadline(start) {
  return moment(start).addWorkingTime(hours, 'hours').valueOf()
}
