import { DEFAULT_PAGE_ITEMS, MAX_PAGE_ITEMS } from '@opd/contracts';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsInt, IsISO8601, IsOptional, IsString, Length, Matches, Max, Min } from 'class-validator';

/** One page of a list: `?limit=50&cursor=`. */
export class PageQuery {
  @ApiPropertyOptional({ type: Number, minimum: 1, maximum: MAX_PAGE_ITEMS })
  @IsOptional()
  @Type(() => Number)
  @IsInt({ message: `must be a whole number from 1 to ${MAX_PAGE_ITEMS}` })
  @Min(1, { message: `must be a whole number from 1 to ${MAX_PAGE_ITEMS}` })
  @Max(MAX_PAGE_ITEMS, { message: `must be a whole number from 1 to ${MAX_PAGE_ITEMS}` })
  limit: number = DEFAULT_PAGE_ITEMS;

  @ApiPropertyOptional({ type: String, description: 'The nextCursor of the page before' })
  @IsOptional()
  @IsString({ message: 'must be the nextCursor of the page before' })
  @Length(1, 300, { message: 'must be the nextCursor of the page before' })
  cursor?: string;
}

/** The days of a doctor's slots: `?from=YYYY-MM-DD&days=7`. */
export class SlotsQuery extends PageQuery {
  @ApiPropertyOptional({ type: String, format: 'date', description: 'Today if absent' })
  @IsOptional()
  @Matches(/^(19|20|21)\d\d-\d{2}-\d{2}$/, { message: 'must be a calendar day as YYYY-MM-DD' })
  @IsISO8601({ strict: true }, { message: 'must be a calendar day that exists' })
  from?: string;

  @ApiPropertyOptional({ type: Number, minimum: 1, maximum: 31 })
  @IsOptional()
  @Type(() => Number)
  @IsInt({ message: 'must be a whole number from 1 to 31' })
  @Min(1, { message: 'must be a whole number from 1 to 31' })
  @Max(31, { message: 'must be a whole number from 1 to 31' })
  days: number = 7;
}

/** Patients by phone: the full number or at least its last 4 digits. */
export class PatientsQuery extends PageQuery {
  // A plus sign that a client did not escape arrives as a blank.
  @ApiProperty({ type: String, description: 'Full number, or at least its last 4 digits' })
  @Matches(/^[+ ]?\d{4,15}$/, {
    message: 'must be a full phone number or its last 4 digits or more',
  })
  phone!: string;
}
