/** Told of each request. Units: requests, and bytes of uncompressed JSON. */
export interface DeliveryCounters {
    requestSent(bytes: number): void;
    requestRejected(): void;
    requestRetried(): void;
}
