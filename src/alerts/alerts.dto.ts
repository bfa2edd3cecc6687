import { IsIn } from 'class-validator'
import { Flag } from '../http/flag.decorator.js'
import { PageQuery } from '../http/paging.dto.js'
import { Optional } from '../http/optional.decorator.js'

export class AlertsQuery extends PageQuery {
  /** Only what nobody has read. */
  @Optional()
  @Flag()
  unread?: boolean

  @Optional()
  @IsIn(['sla.warning', 'sla.breached'])
  type?: 'sla.warning' | 'sla.breached'
}
