import * as grpc from "@grpc/grpc-js";
import type { Logger } from "../logger.ts";
import { toGrpcStatus } from "./grpc-status.ts";
import { explainUnserved } from "./unserved.ts";

/**
 * Sees to calls that grpc-js ends by itself: a message over the limit, bytes that cannot be decompressed. A call counts
 * as served once its request has been handed on, and is then left to `withObservation`.
 */
export function withUnservedCalls(logger: Logger): grpc.ServerInterceptor {
	return (method, call) => {
		let served = false;
		const listener: grpc.ServerListener = {
			onReceiveMessage: (message, next) => {
				served = true;
				next(message);
			},
			onReceiveHalfClose: (next) => {
				served = true;
				next();
			},
		};
		return new grpc.ServerInterceptingCall(call, {
			start: (next) => next(listener),
			sendStatus: (status, next) => {
				if (
					served ||
					status.code === grpc.status.OK ||
					status.code === undefined
				)
					return next(status);
				const error = explainUnserved(logger, {
					method: method.path.slice(1),
					door: "grpc",
					peer: call.getPeer(),
					code: status.code,
					message: status.details ?? "",
				});
				next(toGrpcStatus(error));
			},
		});
	};
}
