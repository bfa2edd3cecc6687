import { Module } from '@nestjs/common'
import { APP_FILTER, APP_INTERCEPTOR, APP_PIPE } from '@nestjs/core'
import { IdempotencyAnswers } from './idempotency-answers.js'
import { IdempotencyInterceptor } from './idempotency.interceptor.js'
import { IdempotencySweeper } from './idempotency.sweeper.js'
import { ProblemFilter } from './problem.filter.js'
import { validationPipe } from './validation.js'

@Module({
  providers: [
    IdempotencyAnswers,
    IdempotencySweeper,
    { provide: APP_FILTER, useClass: ProblemFilter },
    { provide: APP_PIPE, useFactory: validationPipe },
    { provide: APP_INTERCEPTOR, useClass: IdempotencyInterceptor },
  ],
})
export class HttpModule {}
