# The service with an allocator in front of glibc's malloc, as its arguments say.
ARG BUILD_BASE=golang:1.26-bookworm
ARG RUN_BASE=debian:bookworm-slim

FROM ${BUILD_BASE} AS build
ENV CGO_ENABLED=1 CGO_CFLAGS=-O2 GOFLAGS="-trimpath -buildvcs=false" GOTOOLCHAIN=local
WORKDIR /src
ARG BUILD_PACKAGES="gcc libc6-dev libjemalloc-dev musl-tools"
ARG OUT=/out/stepper
COPY . .
RUN CC=gcc go build -o "${OUT}" ./services/stepper

FROM ${RUN_BASE}
ARG ALLOCATOR
ARG RUN_PACKAGES
ARG LIBRARY
ENV LD_PRELOAD=${LIBRARY}
LABEL stair-stepper.allocator=${ALLOCATOR} stair-stepper.linkage=preloaded
COPY --from=build /out/stepper /stepper
ENTRYPOINT ["/stepper"]
