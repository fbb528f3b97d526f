# The build keeps .git, so that "supportline version" knows its commit.
FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 go build -trimpath -ldflags='-s -w' -o /out/supportline ./cmd/supportline && mkdir /out/data

# Certificates and a user without rights, but no shell. The zones of the world are in the program.
FROM gcr.io/distroless/static-debian12:nonroot
COPY --from=build /out/supportline /usr/local/bin/supportline
# A new volume takes its owner from here. A store and a configuration (supportline.yaml) in this folder are found without --config.
COPY --from=build --chown=65532:65532 /out/data /srv/data
WORKDIR /srv
USER 65532:65532
VOLUME /srv/data
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=6s --start-period=10s CMD ["/usr/local/bin/supportline", "health"]
ENTRYPOINT ["/usr/local/bin/supportline"]
CMD ["serve"]
