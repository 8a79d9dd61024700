from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("messaging", "0004_reports"),
    ]

    operations = [
        migrations.AddField(
            model_name="worker",
            name="in_hand",
            field=models.PositiveIntegerField(
                db_default=0,
                default=0,
                help_text="Taken from the queues, not stored yet.",
                verbose_name="messages in hand",
            ),
        ),
    ]
