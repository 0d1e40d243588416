import type { App } from "./app.js";
import { WRITTEN } from "./written.js";

/** A service of systemd's for each node of an app, named by the port on which it listens: `app@3000`. */
export const systemdUnit = ({ name }: App, server: string | undefined): string => `# The node of the app on port %i: \`systemctl enable --now ${name}@3000\`.
# ${WRITTEN}
[Unit]
Description=${name} on port %i
Wants=network-online.target
After=network-online.target

[Service]
# The app as it was built, and its secrets, such as TWINSTATE_SECRET.
WorkingDirectory=/srv/${name}
EnvironmentFile=/etc/${name}.env
Environment=NODE_ENV=production HOSTNAME=127.0.0.1 PORT=%i
Environment=TWIN_FILE=%S/${name}/twin.db
StateDirectory=${name}
StateDirectoryMode=0700
ExecStart=/usr/bin/env node ${server ?? "server.js"}
Restart=always
RestartSec=1
# SIGTERM lets running events end within \`closeGrace\`.
KillMode=mixed
TimeoutStopSec=20
DynamicUser=yes
NoNewPrivileges=yes
PrivateTmp=yes
ProtectSystem=strict
ProtectHome=yes
ProtectKernelTunables=yes
ProtectControlGroups=yes
RestrictSUIDSGID=yes

[Install]
WantedBy=multi-user.target
`;
