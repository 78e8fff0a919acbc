/** The calendar of an instant in UTC, as numbers. Monday is 0; business hours are 9 to 17, both included. */
export const timeFeatureNames = ['hour', 'day_of_week', 'is_weekend', 'is_business_hours'] as const;
export type TimeFeatureName = (typeof timeFeatureNames)[number];

const dayMs = 86_400_000;
const hourMs = 3_600_000;
// 1 January 1970 was a Thursday.
const epochDayOfWeek = 3;

export function timeFeature(name: TimeFeatureName, instant: number): number {
  const hour = Math.floor((instant - Math.floor(instant / dayMs) * dayMs) / hourMs);
  const dayOfWeek = (((Math.floor(instant / dayMs) + epochDayOfWeek) % 7) + 7) % 7;
  switch (name) {
    case 'hour':
      return hour;
    case 'day_of_week':
      return dayOfWeek;
    case 'is_weekend':
      return dayOfWeek >= 5 ? 1 : 0;
    case 'is_business_hours':
      return hour >= 9 && hour <= 17 ? 1 : 0;
  }
}
