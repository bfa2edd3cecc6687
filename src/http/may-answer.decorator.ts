import { ApiExtension } from '@nestjs/swagger'

/** Errors that an operation may answer beside those that follow from its method and input. */
export const MayAnswer = (...statuses: number[]) => ApiExtension('x-errors', statuses)
