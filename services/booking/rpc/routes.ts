import {
  BookingService as BookingServiceDescriptor,
  PetService as PetServiceDescriptor,
  ReviewService as ReviewServiceDescriptor,
} from '@rollcall/contract/booking';
import { type Interceptor, implementService, type Route } from '@rollcall/runtime/rpc';
import type { ListPetsPorts } from '../pets/list-pets.ts';
import { type BookingPorts, bookingServiceImplementation } from './booking-service.ts';
import { petServiceImplementation } from './pet-service.ts';
import { type ReviewPorts, reviewServiceImplementation } from './review-service.ts';

/** What each of the services works with. */
export interface RoutePorts {
  readonly bookings: BookingPorts;
  readonly pets: ListPetsPorts;
  readonly reviews: ReviewPorts;
}

/** The routes of all three services, each behind the chain of interceptors. */
export function bookingRoutes(ports: RoutePorts, chain: readonly Interceptor[]): Route[] {
  return [
    ...implementService(BookingServiceDescriptor, bookingServiceImplementation(ports.bookings), chain),
    ...implementService(PetServiceDescriptor, petServiceImplementation(ports.pets), chain),
    ...implementService(ReviewServiceDescriptor, reviewServiceImplementation(ports.reviews), chain),
  ];
}
