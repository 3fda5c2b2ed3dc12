/** What the booking service knows of a user in numbers, by exactly this id. A time that is null is not known. */
export interface UserFigures {
  /** Ever made, whatever became of them. */
  readonly totalBookings: number;
  readonly firstBookingTime: Date | null;
  readonly lastBookingTime: Date | null;
  /** When a booking of the user last changed, or a review by the user did. */
  readonly lastActivityTime: Date | null;
  /** Mean of the reviews about the user; 0 of 0: none. */
  readonly averageRating: number;
  readonly totalReviews: number;
}
