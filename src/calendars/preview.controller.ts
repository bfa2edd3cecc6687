import { Body, Controller, HttpCode, Post } from '@nestjs/common'
import { PreviewDto } from './preview.dto.js'
import { previewOf } from './preview.js'
import { PreviewView } from './preview.view.js'

@Controller('sla/preview')
export class SlaPreviewController {
  /** Work out when an answer would be due. Nothing is stored. */
  @Post()
  @HttpCode(200)
  preview(@Body() body: PreviewDto): Promise<PreviewView> {
    return previewOf(body)
  }
}
