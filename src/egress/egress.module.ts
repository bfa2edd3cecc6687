import { Module } from '@nestjs/common'
import { EgressGuard } from './egress-guard.js'
import { HostResolver } from './host-resolver.js'

@Module({ providers: [EgressGuard, HostResolver], exports: [EgressGuard] })
export class EgressModule {}
