"""What people choose for themselves: language, time zone, theme, and what Enter does."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_presence")]

    operations = [
        migrations.AddField(
            model_name="user",
            name="language",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="Empty: as the browser says.",
                max_length=16,
                verbose_name="language",
            ),
        ),
        migrations.AddField(
            model_name="user",
            name="time_zone",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="Empty: as the browser says.",
                max_length=64,
                verbose_name="time zone",
            ),
        ),
        migrations.AddField(
            model_name="user",
            name="theme",
            field=models.CharField(
                blank=True,
                choices=[("", "As the system"), ("light", "Light"), ("dark", "Dark")],
                db_default="",
                default="",
                max_length=8,
                verbose_name="theme",
            ),
        ),
        migrations.AddField(
            model_name="user",
            name="enter_sends",
            field=models.BooleanField(
                default=None,
                help_text="Unknown: it does, but on a touch screen.",
                null=True,
                verbose_name="Enter sends",
            ),
        ),
    ]
