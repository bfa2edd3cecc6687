import { IsIn } from 'class-validator'
import { Flag } from '../http/flag.decorator.js'
import { PageQuery } from '../http/paging.dto.js'
import { ALERT_TYPES, type AlertType } from './alert.entity.js'
import { Optional } from '../http/optional.decorator.js'

export class AlertsQuery extends PageQuery {
  /** Only what nobody has read. */
  @Optional()
  @Flag()
  unread?: boolean

  @Optional()
  @IsIn(ALERT_TYPES)
  type?: AlertType
}
