import { IsIn, IsOptional } from 'class-validator'
import { Flag } from '../http/flag.decorator.js'
import { PageQuery } from '../http/paging.dto.js'

export class AlertsQuery extends PageQuery {
  /** Only what nobody has read. */
  @IsOptional()
  @Flag()
  unread?: boolean

  @IsOptional()
  @IsIn(['sla.warning', 'sla.breached'])
  type?: 'sla.warning' | 'sla.breached'
}
