import reflex as rx

config = rx.Config(
    app_name="table",
    state_manager_mode="memory",
    telemetry_enabled=False,
    show_built_with_reflex=False,
)
