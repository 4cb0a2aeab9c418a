# The service with an allocator that is preloaded in front of glibc's malloc, as
# Debian packages it. Which one it is, the ARGs of the last stage say; the
# orchestrator knows them for every allocator that Debian has:
#
#   go run ./orchestrator variants mimalloc
#
# By hand:  docker build -f variants/preload.Dockerfile -t stair-stepper:jemalloc .
# The orchestrator passes other bases where no registry can be reached.
# A base that comes from a registry is pinned by its digest; renew all Dockerfiles
# at once, for they share layers.
ARG BUILD_BASE=golang:1.26-bookworm@sha256:5d2b868674b57c9e48cdd39e891acce4196b6926ca6d11e9c270a8f85106203d
ARG RUN_BASE=debian:bookworm-slim@sha256:96e378d7e6531ac9a15ad505478fcc2e69f371b10f5cdf87857c4b8188404716

# These first lines are the same in every Dockerfile, so that the variants share
# their layers: the compiled standard library, the packages, the source.
FROM ${BUILD_BASE} AS build
ENV CGO_ENABLED=1 CGO_CFLAGS=-O2 GOFLAGS="-trimpath -buildvcs=false" GOTOOLCHAIN=local
WORKDIR /src
RUN go build net/http encoding/json log/slog os/signal
# Packages that the base already has are left alone, network and all.
ARG BUILD_PACKAGES="gcc libc6-dev libjemalloc-dev musl-tools"
RUN dpkg-query -W ${BUILD_PACKAGES} >/dev/null || { \
        apt-get update && \
        apt-get install -y --no-install-recommends ${BUILD_PACKAGES} && \
        rm -rf /var/lib/apt/lists/*; }
ARG OUT=/out/stepper
COPY . .

# The step that writes ${OUT} is the build itself. The process engine runs the
# same line on the host, with the ARGs and ENVs above it.
RUN CC=gcc go build -o "${OUT}" ./services/stepper

FROM ${RUN_BASE}
ARG ALLOCATOR=jemalloc
ARG RUN_PACKAGES="libjemalloc2"
RUN dpkg-query -W ${RUN_PACKAGES} >/dev/null || { \
        apt-get update && \
        apt-get install -y --no-install-recommends ${RUN_PACKAGES} && \
        rm -rf /var/lib/apt/lists/*; }

# The dynamic loader itself puts lib/x86_64-linux-gnu, lib/aarch64-linux-gnu or
# what else is right for the machine in the place of $LIB.
ARG LIBRARY=/usr/\$LIB/libjemalloc.so.2
ENV LD_PRELOAD=${LIBRARY}
LABEL org.opencontainers.image.title="stair-stepper, ${ALLOCATOR}" \
      org.opencontainers.image.description="The web service under test with ${ALLOCATOR} preloaded" \
      stair-stepper.allocator="${ALLOCATOR}" \
      stair-stepper.linkage="preloaded"
COPY --from=build /out/stepper /stepper
USER 65532:65532
EXPOSE 3000
ENTRYPOINT ["/stepper"]
