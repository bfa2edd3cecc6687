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
  /** @example "q3Zr1mUuVdK0dYc0O6l7w1s8bFZ1x3n5h7k9p2r4t6v" */
  @IsString()
  @Length(20, 200)
  refreshToken: string
}
