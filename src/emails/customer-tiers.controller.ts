import { Body, Controller, Delete, Get, HttpCode, Patch, Post, Put, Query } from '@nestjs/common'
import { Roles } from '../auth/auth.guard.js'
import { BodyLimit, MIB } from '../http/bodies.js'
import { IdParam } from '../http/id.pipe.js'
import { MayAnswer } from '../http/may-answer.decorator.js'
import { Me, type Principal } from '../http/principal.js'
import {
  ChangeCustomerTierDto,
  CustomerTierDto,
  CustomerTiersQuery,
  KeepTiersDto,
} from './customer-tiers.dto.js'
import { CustomerTiers } from './customer-tiers.service.js'
import { CustomerTierPage, CustomerTierView, KeptTiersView } from './customer-tiers.view.js'

@Controller('customer-tiers')
export class CustomerTiersController {
  constructor(private readonly tiers: CustomerTiers) {}

  /** List whose mail gets which tier, newest first. */
  @Get()
  list(@Me() me: Principal, @Query() query: CustomerTiersQuery): Promise<CustomerTierPage> {
    return this.tiers.list(me.tenantId, query)
  }

  /**
   * Give an address or a domain a tier. Its mail has it from now on, unless whoever posts a message says otherwise: the
   * address comes before its domain, and a domain before those above it.
   */
  @Roles('admin', 'manager')
  @Post()
  add(@Me() me: Principal, @Body() body: CustomerTierDto): Promise<CustomerTierView> {
    return this.tiers.add(me.tenantId, body)
  }

  /**
   * Give many addresses and domains their tiers, as another system keeps them. Those that have one get the new one;
   * those that are not in the list keep theirs.
   */
  @Roles('admin', 'manager')
  @Put()
  @BodyLimit(MIB)
  @MayAnswer(422)
  keep(@Me() me: Principal, @Body() body: KeepTiersDto): Promise<KeptTiersView> {
    return this.tiers.keep(me.tenantId, body.entries)
  }

  /** Read the tier of an address or a domain. */
  @Get(':id')
  read(@Me() me: Principal, @IdParam() id: number): Promise<CustomerTierView> {
    return this.tiers.read(me.tenantId, id)
  }

  /** Change the tier, or whose it is. Mail that has arrived keeps its own. */
  @Roles('admin', 'manager')
  @Patch(':id')
  @MayAnswer(422)
  change(
    @Me() me: Principal,
    @IdParam() id: number,
    @Body() body: ChangeCustomerTierDto,
  ): Promise<CustomerTierView> {
    return this.tiers.change(me.tenantId, id, body)
  }

  /** Take the tier from an address or a domain. Mail that has arrived keeps its own. */
  @Roles('admin', 'manager')
  @Delete(':id')
  @HttpCode(204)
  remove(@Me() me: Principal, @IdParam() id: number): Promise<void> {
    return this.tiers.remove(me.tenantId, id)
  }
}
