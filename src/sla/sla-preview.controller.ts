import { Body, Controller, HttpCode, Post } from '@nestjs/common'
import { PreviewDto } from './sla-preview.dto.js'
import { previewOf } from './sla-preview.js'
import { PreviewView } from './sla-preview.view.js'

@Controller('sla/preview')
export class SlaPreviewController {
  /** Work out when an answer would be due. Nothing is stored. */
  @Post()
  @HttpCode(200)
  preview(@Body() body: PreviewDto): PreviewView {
    return previewOf(body)
  }
}
