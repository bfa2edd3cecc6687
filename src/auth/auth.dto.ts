import { IsEmail, IsString, Length, MaxLength } from 'class-validator'
import { Trimmed } from '../http/trimmed.decorator.js'

export class LoginDto {
  /** @example "ada@example.com" */
  @Trimmed()
  @IsEmail()
  @MaxLength(254)
  email: string

  /** @example "correct horse battery" */
  @IsString()
  @Length(10, 200)
  password: string
}

export class RegisterDto extends LoginDto {
  /** @example "Ada Lovelace" */
  @Trimmed()
  @IsString()
  @Length(1, 200)
  name: string
}

export class RefreshDto {
  /** @example "bxwdHo9eTFedH1sMWjB4qN2vBEp6Qy9xTt1kY0ZrUu5mW3cLh7sDg2fJ8aVnKxRbPq4eHtCy6iMwOz0lGjXvSA" */
  @IsString()
  @Length(20, 200)
  refreshToken: string
}
