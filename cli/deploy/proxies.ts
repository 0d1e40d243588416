import { WRITTEN } from "./written.js";

/** The nodes that a proxy stands in front of. */
export interface ProxyOptions {
  /** Their addresses: `127.0.0.1:3000`. */
  readonly nodes: readonly string[];
  /** The path of the twin's route. */
  readonly route: string;
  /** Names of nodes may lead to other addresses later, as those of containers do. */
  readonly moving: boolean;
}

/** nginx in front of an app: a file for `/etc/nginx/conf.d/`. */
export function nginxConf({ nodes, route, moving }: ProxyOptions): string {
  // Docker's own DNS. `resolve` needs nginx 1.27.3, which the image has.
  const resolver = moving ? "  zone twinstate 64k;\n  resolver 127.0.0.11 valid=2s;\n" : "";
  const servers = nodes.map((node) => `  server ${node} max_fails=0${moving ? " resolve" : ""};\n`).join("");
  return `# nginx in front of the app.
# ${WRITTEN}
upstream twinstate {
${resolver}  # A node that restarts refuses connections at once, so each request finds another one.
${servers}}

map $http_upgrade $twinstate_connection {
  default upgrade;
  "" close;
}

server {
  # TLS: "certbot --nginx -d example.com" adds it. Then add "http2 on;" (before nginx 1.25.1: "listen 443 ssl http2;").
  listen 80;
  server_name _;

  # The app says \`proxies: 1\`, and trusts what is set here.
  proxy_set_header Host $http_host;
  proxy_set_header X-Forwarded-Host $http_host;
  proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
  proxy_set_header X-Forwarded-Proto $scheme;
  # WebSockets. A location with a proxy_set_header of its own would get none of these.
  proxy_set_header Upgrade $http_upgrade;
  proxy_set_header Connection $twinstate_connection;
  proxy_http_version 1.1;
  proxy_connect_timeout 2s;

  location / {
    proxy_pass http://twinstate;
  }

  location ${route}/ {
    proxy_pass http://twinstate;
    # Streams: each message goes on at once. They say something every 15 seconds.
    proxy_buffering off;
    proxy_read_timeout 60s;
    proxy_send_timeout 60s;
    # Uploads: as large as \`maxFileSize\`, and on their way as they come.
    client_max_body_size 100m;
    proxy_request_buffering off;
  }
}
`;
}

/** Caddy in front of an app, with certificates of its own for the address that `SITE` names. */
export function caddyfile({ nodes, route }: ProxyOptions): string {
  return `# Caddy in front of the app. SITE is its address: with a name, such as "app.example.com", Caddy gets certificates by itself.
# ${WRITTEN}
{$SITE::80} {
	# Streams, WebSockets and uploads need no settings: Caddy passes on what comes.
	# It sets Host and X-Forwarded-*, which the app trusts by \`proxies: 1\`.
	reverse_proxy ${nodes.join(" ")} {
		lb_policy round_robin
		# A node that restarts refuses connections: requests try the others, or wait for it.
		lb_try_duration 30s
		lb_try_interval 250ms
		# Before version 2.11.2, Caddy answers 502 to a POST whose node is away, until this check has noticed. Twins repeat such calls.
		health_uri ${route}/ready
		health_interval 1s
		health_timeout 3s
		flush_interval -1
		transport http {
			dial_timeout 2s
			# A node that ends closes its connections, so none is used again.
			keepalive off
		}
	}
}
`;
}
