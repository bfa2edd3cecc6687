import { Module } from '@nestjs/common'
import { PerformanceListener } from './performance.listener.js'

@Module({ providers: [PerformanceListener] })
export class AnalyticsModule {}
