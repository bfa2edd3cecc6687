import { Injectable } from '@nestjs/common'
import type { Transaction } from '../database/transaction.js'
import { UnitOfWork } from '../database/unit-of-work.js'
import { conflict } from '../http/problem.js'
import type { Principal } from '../http/principal.js'
import type { BusinessCalendar } from '../calendars/business-calendar.js'
import { CompiledCalendars } from '../calendars/compiled-calendars.js'
import { Turns } from '../calendars/event-loop-turns.js'
import { NEW_VERSION, PLANNED_POLICIES, planned, type Planned } from './planned-policies.js'
import { recomputables, recomputed, type Recomputable } from './recomputables.js'
import type { SimulateDto } from './simulation.dto.js'
import { Simulation } from './simulation.js'
import type { SimulationView } from './simulation.view.js'

const BATCH = 200

/** What a change of policies or calendars would do to the clocks under way, computed as the change itself does it. */
@Injectable()
export class Simulations {
  /** Clocks that one simulation computes. */
  most = 200_000

  constructor(
    private readonly work: UnitOfWork,
    private readonly calendars: CompiledCalendars,
  ) {}

  /** @throws Problem as the change itself would; 409 while another simulation of the tenant's is under way */
  run({ tenantId }: Principal, input: SimulateDto): Promise<SimulationView> {
    return this.work.snapshot(async (tx) => {
      // Each holds a connection for as long as it takes, and others need them too.
      const [lock] = await tx.query<{ mine: boolean }>(
        `select pg_try_advisory_xact_lock(hashtextextended('simulation ' || $1, 0)) as mine`,
        [tenantId],
      )
      if (!lock!.mine) throw conflict('simulation_under_way', 'Another simulation is under way')
      const change = await planned(tx, tenantId, input, this.calendars)
      await tx.query(`declare clocks no scroll cursor for ${CLOCKS}`, [
        tenantId,
        change.policies,
        change.calendar?.id,
      ])
      return this.count(tx, change)
    })
  }

  /** A batch at a time, and others have their turn in between. */
  private async count(tx: Transaction, change: Planned): Promise<SimulationView> {
    const now = await tx.now()
    const known = new Map<number | null, BusinessCalendar>()
    const calendarOf = ({ calendarVersionId: id }: { calendarVersionId: number | null }) => known.get(id)!
    if (change.calendar) known.set(NEW_VERSION, change.calendar.compiled)
    const simulation = new Simulation(now, calendarOf)
    const turns = new Turns()
    for (let seen = 0; ;) {
      const clocks = await tx.query<Recomputable>(`fetch ${BATCH} from clocks`)
      const terms = clocks.flatMap((clock) => [clock, clock.newTerms])
      const unknown = terms.filter(({ calendarVersionId }) => !known.has(calendarVersionId))
      const loaded = await this.calendars.load(tx, unknown)
      for (const one of unknown) known.set(one.calendarVersionId, loaded(one))
      for (const clock of clocks) {
        if (seen++ >= this.most) return simulation.view(true)
        simulation.add(clock, recomputed(clock, now, calendarOf).face)
        await turns.giveWay()
      }
      if (clocks.length < BATCH) return simulation.view(false)
    }
  }
}

const CLOCKS = `with planned as materialized (${PLANNED_POLICIES}) ${recomputables(
  `c.user_id = $1`,
  'planned',
)}`
